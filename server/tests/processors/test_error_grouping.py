"""What is the same error and what is not: on tracebacks of a real Python, and on texts that other languages printed."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from processors import traces_of_languages as printed

from tapetum_server.processors.errors.fingerprint import Grouped, by_exception, by_log, by_span
from tapetum_server.processors.errors.stacktrace import MAX_CHARACTERS, parse_stack, shortened
from tapetum_server.processors.errors.template import template_of

CART = """
def checkout(cart):
    return total(cart)

def total(cart):
    if cart is None:
        raise ValueError("no cart 4711")
    return cart["price"]

def refund(cart):
    raise ValueError("no cart 4711")

def wrapped(cart):
    try:
        total(cart)
    except ValueError as error:
        raise RuntimeError("could not check out") from error
"""


def raised(call: str, *, argument: object = None, file: str = "/srv/shop/cart.py", above: int = 0) -> tuple[str, str]:
    """(type, traceback) of really calling `call` in a module of this file, with `above` lines before its code."""
    names: dict[str, Callable[..., object]] = {}
    exec(compile("\n" * above + CART, file, "exec"), names)  # type: ignore[arg-type]  # noqa: S102
    try:
        names[call](argument)
    except Exception as error:
        return type(error).__qualname__, traceback.format_exc()
    raise AssertionError("nothing was raised")


def grouped(told: tuple[str, str], message: str = "") -> Grouped:
    type, trace = told
    return by_exception(type, message, parse_stack(shortened(trace)), "")


@pytest.mark.covers("error-fingerprint")
def test_lines_installation_and_callers_do_not_tell_errors_apart() -> None:
    here = grouped(raised("checkout"))
    assert here.culprit == "cart.total"
    assert here.fingerprint == grouped(raised("checkout", above=200)).fingerprint
    assert here.fingerprint == grouped(raised("checkout", file="/home/me/.venvs/x/src/shop/cart.py")).fingerprint
    assert here.fingerprint == grouped(raised("checkout", file="C:\\srv\\shop\\cart.py")).fingerprint
    # The span around the inner call records less of the stack than the one around all of it.
    assert here.fingerprint == grouped(raised("total")).fingerprint


@pytest.mark.covers("error-fingerprint")
def test_types_functions_and_causes_tell_errors_apart() -> None:
    different = [
        raised("total"),
        raised("total", argument={}),
        raised("refund"),
        raised("wrapped"),
        raised("total", file="/srv/shop/basket.py"),
    ]
    assert len({grouped(told).fingerprint for told in different}) == len(different)


@pytest.mark.parametrize(
    ("trace", "language", "type", "culprit", "cause"),
    [
        (printed.JAVA, "java", "java.lang.IllegalStateException", "com.acme.shop.Cart.lambda$checkout",
         "java.net.SocketTimeoutException"),
        (printed.NODE, "javascript", "TypeError", "cart.Cart.total", "Error"),
        (printed.FIREFOX, "javascript", "", "cart.total", ""),
        (printed.GO, "go", "panic", "github.com/acme/shop/cart.(*Cart).Checkout", ""),
        (printed.DOTNET, "dotnet", "System.InvalidOperationException", "Shop.Cart.Checkout", "System.TimeoutException"),
        (printed.RUBY, "ruby", "NoMethodError", "cart.Cart#total", ""),
    ],
)  # fmt: skip
@pytest.mark.covers("error-languages")
def test_every_language_says_what_where_and_why(trace: str, language: str, type: str, culprit: str, cause: str) -> None:
    stack = parse_stack(trace)
    assert stack is not None
    assert (stack.language, stack.sections[0].type) == (language, type)
    assert by_exception(type, "", stack, "").culprit == culprit
    assert (stack.sections[-1].type if len(stack.sections) > 1 else "") == cause


@pytest.mark.parametrize(
    ("trace", "before", "after"),
    [
        (printed.JAVA, "Cart.java:42", "Cart.java:97"),
        (printed.JAVA, "lambda$checkout$3", "lambda$checkout$11"),
        (printed.JAVA, "java.base/java.util.Optional.map(Optional.java:260)", "java.base/java.util.List.map(List.java:1)"),
        (printed.NODE, "/srv/app/dist", "/usr/src/other"),
        (printed.NODE, "cart.js:17:23", "cart.js:3:1"),
        (printed.FIREFOX, "9f8a7b6c5d", "0a1b2c3d4e"),
        (printed.FIREFOX, "9f8a7b6c5d", "DiwrgTda"),
        (printed.FIREFOX, "9f8a7b6c5d", "QZXCVBNM"),
        (printed.GO, "0xc000012345", "0xc000099999"),
        (printed.GO, "/app/cart/cart.go:42 +0x1d", "/build/cart/cart.go:7 +0x2e"),
        (printed.DOTNET, "/src/Shop/Cart.cs:line 42", "C:\\\\agent\\\\Cart.cs:line 3"),
        (printed.DOTNET, "   at ", "   bei "),
        (printed.DOTNET, ":line ", ":Zeile "),
        (printed.RUBY, "/srv/app/lib/cart.rb:10", "/opt/lib/cart.rb:11"),
    ],
)  # fmt: skip
@pytest.mark.covers("error-languages")
def test_builds_machines_and_locales_do_not_tell_errors_apart(trace: str, before: str, after: str) -> None:
    assert before in trace
    assert grouped(("", trace)) == grouped(("", trace.replace(before, after)))


@pytest.mark.parametrize(
    ("trace", "before", "after"),
    [
        (printed.JAVA, "Cart.lambda$checkout", "Cart.lambda$refund"),
        (printed.JAVA, "java.net.SocketTimeoutException", "java.net.ConnectException"),
        (printed.NODE, "Cart.total", "Cart.tax"),
        (printed.GO, "Checkout", "Refund"),
        (printed.DOTNET, "Cart.Checkout", "Cart.Refund"),
        (printed.RUBY, "Cart#total", "Cart#tax"),
    ],
)
def test_another_function_or_cause_is_another_error(trace: str, before: str, after: str) -> None:
    assert before in trace
    assert grouped(("", trace)).fingerprint != grouped(("", trace.replace(before, after))).fingerprint


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("Read timed out after 1.5 s to 10.0.0.1:5432", "Read timed out after <number> s to <ip>"),
        ("user 'bob' not found, id=3f2b8c1e-1111-4222-8333-444455556666", "user <text> not found, id=<uuid>"),
        ("cannot open /srv/app/x.py:12", "cannot open <path>:<number>"),
        ("can't open it's 5%", "can't open it's <number>%"),
        ("customer_17 wrote to a@b.co at 2026-11-24T10:00:00Z", "customer_<number> wrote to <email> at <time>"),
        ("GET https://x.example/y?z=1 failed", "GET <url> failed"),
        ("at 0xdeadbeef and 9a8b7c6d5e", "at <hex> and <hex>"),
        ("first line 1\nsecond line", "first line <number>"),
        ("1.234,56 Euro, 1,234.56 dollars", "<number> Euro, <number> dollars"),
        ("", ""),
    ],
)
@pytest.mark.covers("error-templates")
def test_what_varies_in_a_message_is_replaced(message: str, template: str) -> None:
    assert template_of(message) == template


@pytest.mark.covers("error-templates")
@pytest.mark.wide
def test_a_hundred_thousand_messages_of_one_template_are_one_error() -> None:
    prints = {
        by_log("shop", "", f"order {n} of user u{n:07d} failed in {n / 7:.3f} ms").fingerprint for n in range(100_000)
    }
    assert len(prints) == 1


def test_failed_spans_are_told_apart_by_service_name_type_and_message() -> None:
    base = ("shop", "GET /cart/17", "500", "order 5 failed")
    one = by_span(*base).fingerprint
    assert by_span("shop", "GET /cart/18", "500", "order 6 failed").fingerprint == one
    for i, other in enumerate(("web", "POST /cart/1", "503", "refund failed")):
        changed = [*base]
        changed[i] = other
        assert by_span(*changed).fingerprint != one


@pytest.mark.covers("bad-stack-trace")
@pytest.mark.parametrize(
    "hostile",
    [
        "x" * 1_000_000,
        "\n" * 1_000_000,
        'File "' * 200_000,
        ("at " + "a/" * 990 + "\n") * 500,
        ("   at " + "a.b(" * 400 + "\n") * 500,
        ("f" + "(" * 1_000 + "\n\t/x.go:1\n") * 500,
        "Caused by: " * 100_000,
        ' File "' + "\x00\ud800" + '", line 99999999999999999999, in f\n',
        "---> " * 200_000,
    ],
)
def test_a_stack_trace_may_be_anything(hostile: str) -> None:
    kept = shortened(hostile)
    assert len(kept) <= MAX_CHARACTERS
    parse_stack(kept)
    assert len(by_exception("E", hostile, parse_stack(kept), "").fingerprint) == 16


@pytest.mark.covers("bad-stack-trace")
def test_of_a_megabyte_the_beginning_and_the_end_are_read() -> None:
    """A recursion that went too deep: what raised stands at the end, in Python, and at the beginning elsewhere."""
    frame = '  File "/srv/shop/cart.py", line 7, in total\n    return total(cart)\n'
    text = "Traceback (most recent call last):\n" + frame * 20_000 + "RecursionError: maximum recursion depth exceeded"
    assert len(text) > 1_000_000
    stack = parse_stack(shortened(text))
    assert stack is not None
    assert stack.sections[0].type == "RecursionError"
    assert grouped(("RecursionError", text)).culprit == "cart.total"
