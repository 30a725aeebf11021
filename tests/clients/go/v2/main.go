// The Go SDK, version 2: the Region from its client of the metadata service,
// credentials from its provider for roles of instances.
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
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := imds.NewFromConfig(settings)
	region, err := client.GetRegion(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	provider := ec2rolecreds.New(func(options *ec2rolecreds.Options) { options.Client = client })
	found, err := provider.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.AccessKeyID, found.SecretAccessKey, found.SessionToken, region.Region)
}
