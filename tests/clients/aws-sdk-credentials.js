const { MetadataService } = require("aws-sdk");

const service = new MetadataService({ host: process.argv[2] });
service.loadCredentials((error, found) => {
  if (error) throw error;
  console.log(found.AccessKeyId, found.SecretAccessKey, found.Token);
});
