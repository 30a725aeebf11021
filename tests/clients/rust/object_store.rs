//! object_store, which loads the role's credentials for S3.

use object_store::aws::AmazonS3Builder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), object_store::Error> {
    let endpoint = std::env::args().nth(1).expect("the endpoint is the argument");
    let store = AmazonS3Builder::new()
        .with_bucket_name("none")
        .with_metadata_endpoint(endpoint)
        .build()?;
    let credentials = store.credentials().get_credential().await?;
    let token = credentials.token.as_deref().unwrap_or_default();
    println!("{} {} {token}", credentials.key_id, credentials.secret_key);
    Ok(())
}
