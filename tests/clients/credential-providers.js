const { fromInstanceMetadata } = require("@aws-sdk/credential-providers");

fromInstanceMetadata()().then((found) =>
  console.log(found.accessKeyId, found.secretAccessKey, found.sessionToken),
);
