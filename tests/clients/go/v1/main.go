// The Go SDK, version 1: the Region and the instance id from its client of the
// metadata service, credentials from its provider for roles of instances.
package main

import (
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go/aws/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/session"
)

func main() {
	settings := session.Must(session.NewSession())
	document, err := ec2metadata.New(settings).GetInstanceIdentityDocument()
	if err != nil {
		log.Fatal(err)
	}
	found, err := ec2rolecreds.NewCredentials(settings).Get()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.AccessKeyID, found.SecretAccessKey, found.SessionToken)
	fmt.Println(document.InstanceID, document.Region)
}
