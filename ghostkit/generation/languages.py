"""Names of languages, for prompts."""

from __future__ import annotations

NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nb": "Norwegian", "nl": "Dutch",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def language_name(tag: str) -> str:
    """English name of a BCP 47 tag's language; the tag itself where it isn't listed."""
    return NAMES.get(tag.split("-")[0].lower(), tag)


def language_tag(name: str) -> str:
    """The tag of a language given by its English name, such as `English`; anything else as it is."""
    wanted = name.strip().casefold()
    return next((tag for tag, known in NAMES.items() if known.casefold() == wanted), name)
