from awscrt.auth import AwsCredentialsProvider

provider = AwsCredentialsProvider.new_default_chain()
credentials = provider.get_credentials().result(60)
print(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
