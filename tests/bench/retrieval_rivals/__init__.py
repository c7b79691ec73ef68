"""Programs that other Pythons run: the same work done by LlamaIndex, LangChain and txtai. Nothing here is imported."""
