// The Go SDK, version 1: the instance id and Region from its metadata client, and
// the role's credentials from its credentials provider.
package main

import (
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go/aws/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	sess := session.Must(session.NewSession())
	document, err := ec2metadata.New(sess).GetInstanceIdentityDocument()
	if err != nil {
		log.Fatal(err)
	}
	credentials, err := ec2rolecreds.NewCredentials(sess).Get()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken)
	fmt.Println(document.InstanceID, document.Region)
}
