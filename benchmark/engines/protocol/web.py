"""The protocol over HTTP: each request is a POST of JSON, answered by JSON."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from benchmark.engines.protocol.errors import EngineError, EngineStopped


class Service:
    """A web service that renders; it runs already and is never stopped by us."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises EngineStopped if the service cannot be reached or is silent for
        `seconds`, and EngineError for any other answer than a JSON object.
        """
        headers = {"Content-Type": "application/json"}
        body = json.dumps(request).encode()
        post = urllib.request.Request(self._url, body, headers)
        try:
            with urllib.request.urlopen(post, timeout=seconds) as reply:
                answer = json.loads(reply.read())
        except urllib.error.HTTPError as error:
            raise EngineError(
                f"{self._url} answered HTTP status {error.code}"
            ) from None
        except ValueError:
            answer = None
        except TimeoutError:
            raise EngineStopped(
                f"{self._url} did not answer within {seconds:g} s"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise EngineStopped(
                f"{self._url} cannot be reached ({reason}): start the service"
            ) from None
        if not isinstance(answer, dict):
            raise EngineError(f"{self._url} did not answer with a JSON object")
        return answer

    def stop(self) -> None:
        """Does nothing: the service is not ours."""
