import asyncio

import aiobotocore.session
from aiobotocore.utils import AioIMDSRegionProvider


async def main():
    session = aiobotocore.session.get_session()
    credentials = await session.get_credentials()
    frozen = await credentials.get_frozen_credentials()
    print(credentials.method, frozen.access_key, frozen.secret_key, frozen.token)
    print(await AioIMDSRegionProvider(session).provide())


asyncio.run(main())
