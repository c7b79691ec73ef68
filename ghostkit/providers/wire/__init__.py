"""What every adapter of a vendor shares: the HTTP client, the watch over each call, errors, streams."""

from ghostkit.providers.wire.adapter import Reader, VendorProvider
from ghostkit.providers.wire.call import WireCall
from ghostkit.providers.wire.errors import ErrorTable, VendorWords

__all__ = ["ErrorTable", "Reader", "VendorProvider", "VendorWords", "WireCall"]
