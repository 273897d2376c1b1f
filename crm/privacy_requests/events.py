"""What can happen to a request."""

RECEIVED = "privacy_request.received"
VERIFIED = "privacy_request.verified"
FULFILLED = "privacy_request.fulfilled"
REFUSED = "privacy_request.refused"
