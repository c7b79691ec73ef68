"""`rehearsal`: a deterministic offline author, so that a book can be rehearsed before it is paid for.

Models: `rehearsal:novelist` (the default), `rehearsal:storyteller`, `rehearsal:teacher`. It reads the prompts of
docs/prompt-layout.md, answers every kind of task there, and has grammars for English and Russian; a book in any other
language is written in English with its names kept.

Settings, as arguments of `RehearsalProvider` or in the environment:

| variable | meaning |
|---|---|
| `GHOSTKIT_REHEARSAL_TOKENS_PER_S` | pace of a stream; 0, the default, is as fast as it goes |
| `GHOSTKIT_REHEARSAL_FIRST_TOKEN_S` | seconds until the first token |
| `GHOSTKIT_REHEARSAL_JITTER` | 0.2 varies the pace by ±20 %, the same way for the same request |
| `GHOSTKIT_REHEARSAL_BILL` | a file that gets one fsynced JSON line per call begun and per call answered |
| `GHOSTKIT_REHEARSAL_FAULTS` | scripted failures, below |
| `GHOSTKIT_REHEARSAL_PRICE` | "in,out" in USD per million tokens; "0,0" is the default |

Scripted failures are rules `match=action[@n]` joined by `;`. `match` is a slot (globs allowed), a kind of task or
`*`; `@n` means only the n-th call that matches. Actions:

- `auth rate overloaded timeout server content quota bad_request`: that error, before the first byte
- `cut`: the stream stops in the middle without its terminal event (`StreamTruncated`)
- `length`: it ends early as `length`
- `refuse`: it ends as `refused`
- `empty`: a complete answer without text
- `garbage`: an answer that is not JSON
- `stall`: the stream waits for ever in the middle

Every call that comes to an error still has its `begun` line in the bill; `answered` is written when the last piece
has been handed out, before the terminal event.
"""

from ghostkit.providers.rehearsal.provider import RehearsalProvider

__all__ = ["RehearsalProvider"]
