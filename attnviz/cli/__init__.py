"""`python -m attnviz`: models, lectures, lecture, trace, handout, corpus, train, evaluate, data, add.

Results on standard output, messages on standard error.
"""

from __future__ import annotations

import locale
import logging
import os
import sys
from collections.abc import Sequence

from attnviz.cli.arguments import build_parser
from attnviz.cli.commands import FAILED
from attnviz.errors import AttnvizError, InputError
from attnviz.i18n import choose, translate

#: Exit code of a call that cannot be carried out.
BAD_CALL = 2

#: Codes of errors that say that a name or path is none of a model.
_NO_MODEL = (
    *("no_such_model", "no_such_path", "hub_name", "load_takes", "load_file", "load_folder"),
    *("load_weights", "load_added", "load_other", "keras_2_file"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As typed after `attnviz`; None takes the process's own.

    Returns:
        Exit code: 0, or 2 for a call that cannot be carried out, 1 for a failure while carrying it out.
    """
    # Standard error is for our own messages.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    language = choose((locale.getlocale()[0] or "").replace("_", "-"))
    options = build_parser(language).parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except AttnvizError as error:
        print(f"attnviz: {error.message(options.lang)}", file=sys.stderr)
        return BAD_CALL if isinstance(error, InputError) or error.code in _NO_MODEL else FAILED
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(translate(options.lang, "cli.interrupted"), file=sys.stderr)
        return 130
