const { IamAwsProvider } = require("minio");

const provider = new IamAwsProvider({ customEndpoint: process.argv[2] });
provider
  .getCredentials()
  .then((found) => console.log(found.getAccessKey(), found.getSecretKey(), found.getSessionToken()));
