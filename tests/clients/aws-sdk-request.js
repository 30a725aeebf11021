const { MetadataService } = require("aws-sdk");

const service = new MetadataService({ host: process.argv[2] });
service.request("/latest/meta-data/instance-id", (error, body) => {
  if (error) throw error;
  console.log(body);
});
