"""Writes math.txt: true values of the f64 functions (mpmath 1.3), for tests/math.rs.

A line of `#` and a name begins a function. Each other line: the bits of the argument (of both, for pow), the
bits of the value rounded to nearest, and what was rounded off, in hundredths of a unit in the last place.

    python3 math.py > math.txt
"""
import random
import struct
from mpmath import mp, mpf, exp, expm1, log, log1p, sin, cos, tanh, erf, ldexp, inf, isinf, floor

mp.prec = 2300  # sin and cos of the greatest doubles; e^x + 1 of any double that makes a difference
random.seed(1)


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def double(b):
    return struct.unpack("<d", struct.pack("<Q", b))[0]


def unit(x):
    """The unit in the last place of a double."""
    return mpf(double(bits(abs(x)) + 1)) - mpf(abs(x)) if abs(x) < 1.7e308 else mpf(2) ** 971


def nearest(v):
    """A value to the nearest double, subnormal or infinite where it must be."""
    if v == 0:
        return 0.0
    if abs(v) >= mpf(2) ** 1024 - mpf(2) ** 970:
        return float("inf") if v > 0 else float("-inf")
    e = max(mp.frexp(v)[1] - 53, -1074)
    scaled = v * mpf(2) ** -e
    n = floor(scaled)
    rest = scaled - n
    if rest > 0.5 or (rest == 0.5 and int(n) % 2):
        n += 1
    return float(ldexp(n, e)) if e > -1074 else double(int(abs(n))) * (1 if v > 0 else -1)


def line(args, v):
    y = nearest(v)
    rest = 0 if isinf(mpf(y)) else int(mp.nint((v - mpf(y)) / unit(y) * 100))
    return " ".join("%x" % bits(a) for a in args) + " %x %d" % (bits(y), rest)


def log_uniform(low, high, signed=True):
    """A double with an exponent between two, and any mantissa and sign."""
    b = (random.randint(low + 1023, high + 1023) << 52) | random.getrandbits(52)
    return double(b | (random.getrandbits(1) << 63 if signed else 0))


def any_double(signed=True):
    while True:
        x = double(random.getrandbits(64) if signed else random.getrandbits(63))
        if x == x and abs(x) != float("inf"):
            return x


def uniform(low, high):
    return random.uniform(low, high)


def out(name, f, samples):
    print("# " + name)
    for x in samples:
        args = x if isinstance(x, tuple) else (x,)
        print(line(args, f(*[mpf(a) for a in args])))


def some(n, f, *args):
    return [f(*args) for _ in range(n)]


def sigmoid(x):
    return 1 / (1 + exp(-x)) if abs(x) < 1500 else (mpf(1) if x > 0 else mpf(0))


def capped(f, least, most):
    """The function, with arguments taken to where it no longer changes as a double."""
    return lambda x: f(min(max(x, mpf(least)), mpf(most)))


ordinary = some(300, log_uniform, -60, 4) + some(60, any_double)
out("exp", capped(exp, -1500, 1500), ordinary + some(300, uniform, -709, 709) + some(150, uniform, -746, -708))
out("expm1", capped(expm1, -1500, 1500), ordinary + some(300, uniform, -2, 2) + some(200, uniform, -50, 710))
positive = some(300, any_double, False) + some(60, lambda: double(random.getrandbits(random.randint(1, 52))))
out("ln", log, positive + some(300, uniform, 0.4, 2.5) + some(200, lambda: 1 + log_uniform(-53, -5)))
out("log1p", log1p, positive + some(300, uniform, -0.99, 2.5) + some(200, log_uniform, -80, -1))
multiples = some(250, lambda: float(random.randint(1, 1 << random.randint(1, 20)) * (mp.pi / 2)))
angles = ordinary + some(200, uniform, -10, 10) + some(200, log_uniform, 3, 20) + multiples
out("sin", sin, angles)
out("cos", cos, angles)
out("tanh", capped(tanh, -400, 400), ordinary + some(500, uniform, -20, 20))
out("sigmoid", sigmoid, ordinary + some(300, uniform, -40, 40) + some(200, uniform, -746, 0))
mp.prec = 250
out("erf", erf, [x for x in ordinary if abs(x) < 30] + some(500, uniform, -6, 6) + some(100, uniform, 0.9, 1.1))


def pow_sample():
    """A pair whose power is mostly a normal number, and sometimes over- or underflows."""
    x = any_double(False) if random.random() < 0.6 else 1 + log_uniform(-40, -2)
    l = log(mpf(x))
    if l == 0:
        return 1.5, 2.0
    return x, float(uniform(-746, 711) / l)


out("pow", lambda x, y: exp(y * log(x)), some(900, pow_sample))
