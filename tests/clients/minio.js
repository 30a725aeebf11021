const { IamAwsProvider } = require("minio");

const provider = new IamAwsProvider({ customEndpoint: process.argv[2] });
provider
  .getCredentials()
  .then((credentials) => console.log(credentials.getAccessKey(), credentials.getSecretKey(), credentials.getSessionToken()));
