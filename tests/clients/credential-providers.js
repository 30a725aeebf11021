const { fromInstanceMetadata } = require("@aws-sdk/credential-providers");

fromInstanceMetadata()().then((credentials) =>
  console.log(credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken),
);
