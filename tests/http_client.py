"""A client for tests that are not about the refusals of a busy platform."""

import time
from http import HTTPStatus

import httpx

TRIES_MAX = 6
CALL_SECONDS = 60


class RetryTransport(httpx.HTTPTransport):
    """Repeats a call that a busy platform answers with 503, after the wait that its `Retry-After` names."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(TRIES_MAX - 1):
            answer = super().handle_request(request)
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                return answer
            answer.close()
            time.sleep(float(answer.headers["Retry-After"]))
        return super().handle_request(request)


def patient_client(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, transport=RetryTransport(), trust_env=False, timeout=CALL_SECONDS)
