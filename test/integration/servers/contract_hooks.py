"""Hooks of test/integration/api-contract.test.ts: addresses in requests are this machine's, so that no stranger is called."""

import schemathesis

LONGEST = 2_048  # one that is longer is there to be refused
ADDRESSES = ("url", "candidate_url", "prediction_url")


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name in ADDRESSES:
            value = body.get(name)
            if isinstance(value, str) and len(value) <= LONGEST and value.startswith(("http://", "https://")):
                body[name] = "http://127.0.0.1:9/predict"
    return body


@schemathesis.hook
def filter_case(context, case):
    """Lines and tables are texts to the document: whatever they hold, it is a text, and each row is judged by itself."""
    mode = case.meta.generation.mode if case.meta is not None else None
    is_text = case.media_type in ("application/x-ndjson", "text/csv")
    return not (is_text and mode is not None and mode.is_negative)
