"""Loads a Python handler and gives it events, as Lambda's Python runtime does.

In, on fd 4: lines of JSON; the first says what to load, each other is an event.
Out, on fd 3: one line of JSON once it runs, and one for each of those. The
names and texts of errors are Lambda's (its runtime interface client, PyPI
awslambdaric 4).
"""

import decimal
import importlib
import io
import json
import logging
import os
import re
import sys
import time
import traceback

MOST_LOGS = 1000  # entries of one event; what comes after is counted

logs = []
dropped = 0
settings = {"task": ""}


def log(level, text):
    global dropped
    if len(logs) < MOST_LOGS:
        logs.append({"level": level, "text": text})
    else:
        dropped += 1


class Stream(io.TextIOBase):
    """Stands for stdout or stderr: whole lines become log entries."""

    def __init__(self, level):
        self.level, self.rest = level, ""

    def writable(self):
        return True

    def write(self, text):
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            log(self.level, line)
        return len(text)

    def finish(self):
        if self.rest:
            log(self.level, self.rest)
        self.rest = ""


class Handler(logging.Handler):
    """Takes what the root logger takes, which is warnings and worse."""

    def emit(self, record):
        level = {"WARNING": "warn", "CRITICAL": "error"}.get(record.levelname, record.levelname.lower())
        log(level, self.format(record))


out = os.fdopen(3, "w", encoding="utf-8", closefd=False)
events = os.fdopen(4, "r", encoding="utf-8", closefd=False)


def send(message):
    global logs, dropped
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Stream):
            stream.finish()
    if dropped:
        logs.append({"level": "warn", "text": f"{dropped} more log entries were dropped"})
    out.write(json.dumps({**message, "logs": logs}) + "\n")
    out.flush()
    logs, dropped = [], 0


class Fault(Exception):
    """An error of the runtime's own."""

    def __init__(self, kind, message, stack=""):
        super().__init__(message)
        self.kind, self.stack = kind, stack


def load(handler):
    name, dot, function = handler.rpartition(".")
    if not dot:
        raise Fault("MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)")
    try:
        if name.split(".")[0] in sys.builtin_module_names:
            raise Fault("BuiltInModuleConflict", f"Cannot use built-in module {name} as a handler module")
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as err:
        raise Fault("ImportModuleError", f"Unable to import module '{name}': {err}", trace(err)) from err
    except SyntaxError as err:
        where = f'  File "{err.filename}" Line {err.lineno}\n    {err.text}'
        raise Fault("UserCodeSyntaxError", f"Syntax error in module '{name}': {err}", where) from err
    try:
        return getattr(module, function)
    except AttributeError:
        raise Fault("HandlerNotFound", f"Handler '{function}' missing on module '{name}'") from None


def trace(err):
    """The calls that led to an error, without those of this file."""
    frames = [f for f in traceback.extract_tb(err.__traceback__) if f.filename != __file__ and not f.filename.startswith("<frozen ")]
    return "".join(traceback.format_list(frames)).rstrip()


def failure(err):
    if isinstance(err, Fault):
        name, stack = "Runtime." + err.kind, err.stack
    else:
        name, stack = type(err).__name__, trace(err)
    text = str(err).replace(settings["task"] + "/", "")
    stack = f"{name}: {text}\n{stack}".rstrip() if stack else ""
    return {"name": name, "message": text, "stack": stack.replace(settings["task"] + "/", "")}


MARK = os.urandom(16).hex()  # begins a text that stands for a Decimal


def plain(value):
    """What json leaves to its caller: Lambda writes a Decimal with all its digits."""
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            raise ValueError(f"Out of range float values are not JSON compliant: {value}")
        return f"{MARK}{value}"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def shaped(value, above=()):
    """A result as Lambda's encoder (simplejson) reads it: bytes are text, and a
    named tuple is an object."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, (dict, list, tuple)):
        return value
    if id(value) in above:
        raise ValueError("Circular reference detected")
    inside = {id(value), *above} if len(above) < 100 else above
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {shaped(k) if isinstance(k, bytes) else k: shaped(v, inside) for k, v in value.items()}
    return [shaped(v, inside) for v in value]


def escapes():
    """Until Python 3.11 Lambda writes letters beyond ASCII by their numbers."""
    minor = re.fullmatch(r"AWS_Lambda_python3\.(\d+)", os.environ["AWS_EXECUTION_ENV"])
    return minor is not None and int(minor[1]) < 12


def marshal(result):
    if isinstance(result, bytes):
        raise Fault("MarshalError", "the handler returned bytes, which Lambda passes on as they are, and CloudFront wants an object")
    try:
        text = json.dumps(shaped(result), default=plain, ensure_ascii=escapes(), allow_nan=False)
        text.encode("utf-8")
    except RecursionError as err:
        raise Fault("MarshalError", "Unable to marshal response: maximum recursion depth exceeded while encoding a JSON object") from err
    except Exception as err:
        raise Fault("MarshalError", f"Unable to marshal response: {err}") from err
    return re.sub(f'"{MARK}([^"]*)"', r"\1", text)


# How much more than the function's memory a process may ask for: the stacks of
# threads count here, and not on Lambda before they are used.
MOST_STACKS = 256 << 20


def allowed():
    """The memory of the function in bytes, or 0."""
    return int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) << 20


def bound_memory():
    """Stops a leak before it takes the whole machine."""
    if allowed() and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (allowed() + MOST_STACKS,) * 2)


def exhausted():
    """What Lambda says of a process that took more memory than the function has;
    None if it did not, or this system does not tell."""
    try:
        with open("/proc/self/status", encoding="utf-8") as status:
            used = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None
    if not allowed() or used <= allowed():
        return None
    text = f"the process took {-(-used >> 20)} MB, and the function has {allowed() >> 20}: Lambda ends it"
    return {"name": "Runtime.OutOfMemory", "message": text, "stack": ""}


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    def __init__(self, deadline):
        env = os.environ.get
        self.aws_request_id = "00000000-0000-4000-8000-000000000000"
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = settings["arn"]
        self.tenant_id = None
        self.client_context = None
        self.identity = Identity()
        self._deadline = deadline

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def milliseconds(start):
    return (time.monotonic() - start) * 1000


def answer(kind, act):
    """Does something, and sends what came of it."""
    start, message, value = time.monotonic(), {"type": kind}, None
    try:
        value = act(start, message)
    except Exception as err:  # what is none, such as SystemExit, ends the process on Lambda, too
        message["error"] = failure(err)
    message.setdefault("ms", milliseconds(start))
    over = exhausted()
    if over:
        send({"type": "fatal", "error": over, "ms": message["ms"]})
        os._exit(1)
    send(message)
    return value


def main():
    global settings
    logging.getLogger().addHandler(Handler())
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    send({"type": "started"})
    settings = json.loads(events.readline())
    sys.path.insert(0, settings["task"])
    if settings.get("sdk"):
        sys.path.append(settings["sdk"])
    bound_memory()
    handler = answer("loaded", lambda start, message: load(settings["handler"]))

    for line in iter(events.readline, ""):

        def invoke(start, message):
            result = handler(json.loads(line), Context(start + settings["timeout"] / 1000))
            message["ms"] = milliseconds(start)
            message["result"] = marshal(result)

        answer("outcome", invoke)
    os._exit(0)  # threads that a handler left behind keep nobody waiting


main()
