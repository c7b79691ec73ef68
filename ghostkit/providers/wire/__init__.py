"""What every adapter of a vendor shares: the HTTP client, the watch over each call, errors, streams."""

from ghostkit.providers.wire.adapter import VendorProvider
from ghostkit.providers.wire.call import WireCall
from ghostkit.providers.wire.errors import ErrorTable, VendorWords
from ghostkit.providers.wire.reading import Reader, VendorError

__all__ = ["ErrorTable", "Reader", "VendorError", "VendorProvider", "VendorWords", "WireCall"]
