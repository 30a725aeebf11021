//! object_store, which finds the credentials for S3 by itself.

use object_store::aws::AmazonS3Builder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), object_store::Error> {
    let endpoint = std::env::args().nth(1).expect("the endpoint is the argument");
    let store = AmazonS3Builder::new()
        .with_bucket_name("none")
        .with_metadata_endpoint(endpoint)
        .build()?;
    let found = store.credentials().get_credential().await?;
    let token = found.token.as_deref().unwrap_or_default();
    println!("{} {} {token}", found.key_id, found.secret_key);
    Ok(())
}
