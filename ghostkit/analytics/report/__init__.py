"""A book's figures as one HTML page that fetches nothing and runs nothing."""

from ghostkit.analytics.report.writing import Report, write_report

__all__ = ["Report", "write_report"]
