"""What each line of the logs says beside its message."""

from __future__ import annotations

import logging


class RequestNumber(logging.Filter):
    """Give each line the number of its request, or a dash."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Logging is set up before the apps are.
        from alliage_web.audit.actions import NUMBER, current_request

        current = current_request()
        # Django tells of an answer that went wrong once it left the middleware.
        told = getattr(getattr(record, "request", None), "META", {})
        record.request_id = current.id if current else told.get(NUMBER, "-")
        return True
