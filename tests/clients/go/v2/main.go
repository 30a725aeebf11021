// The Go SDK, version 2: the Region from its IMDS client, and the role's
// credentials from its credentials provider.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := imds.NewFromConfig(cfg)
	region, err := client.GetRegion(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	provider := ec2rolecreds.New(func(options *ec2rolecreds.Options) { options.Client = client })
	credentials, err := provider.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken, region.Region)
}
