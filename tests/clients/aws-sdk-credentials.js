const { MetadataService } = require("aws-sdk");

const service = new MetadataService({ host: process.argv[2] });
service.loadCredentials((error, credentials) => {
  if (error) throw error;
  console.log(credentials.AccessKeyId, credentials.SecretAccessKey, credentials.Token);
});
