# A chat with the SDK for Python, streamed: prints the text that it got. An error ends it with a traceback and exit code 1.
import os
import ssl
import sys

from openai import DefaultHttpxClient, OpenAI

http = DefaultHttpxClient(
    proxy=os.environ["HTTPS_PROXY"],
    verify=ssl.create_default_context(cafile=os.environ["CA_FILE"]),
    http2=os.environ["HTTP_VERSION"] == "2",
)
client = OpenAI(api_key="none", base_url=os.environ["BASE_URL"], max_retries=0, http_client=http)
stream = client.chat.completions.create(
    model="m", messages=[{"role": "user", "content": "hello"}], stream=True
)
for chunk in stream:
    sys.stdout.write(chunk.choices[0].delta.content or "")
