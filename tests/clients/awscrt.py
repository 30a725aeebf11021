from awscrt.auth import AwsCredentialsProvider

provider = AwsCredentialsProvider.new_default_chain()
found = provider.get_credentials().result(60)
print(found.access_key_id, found.secret_access_key, found.session_token)
