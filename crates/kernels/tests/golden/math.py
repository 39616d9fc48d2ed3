"""Writes math.txt: true values of the f64 functions (mpmath 1.3), for tests/math.rs.

A line of `#` and a name begins a function. Each other line: the bits of the argument (of both, for pow; the order comes
first for polygamma and sinc), the bits of the value rounded to nearest, and what was rounded off, in hundredths of a unit in the last place.

    python3 -P math.py > math.txt
"""
import random
import struct
from mpmath import mp, mpf, exp, expm1, log, log1p, sin, cos, tan, sinh, cosh, tanh, erf, ldexp, inf, isinf, floor
from mpmath import acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, erfc, erfinv, loggamma, pi, psi

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

mp.prec = 2300
few = some(150, log_uniform, -40, 4) + some(60, any_double)
out("exp2", capped(lambda x: mpf(2) ** x, -1500, 1500), few + some(200, uniform, -1022, 1024) + some(60, uniform, -1076, -1022))
positive = some(150, any_double, False) + some(30, lambda: double(random.getrandbits(random.randint(1, 52))))
positive += some(200, uniform, 0.4, 2.5) + some(100, lambda: 1 + log_uniform(-53, -5))
out("log2", lambda x: log(x) / log(mpf(2)), positive)
out("log10", lambda x: log(x) / log(mpf(10)), positive)
out("cbrt", lambda x: cbrt(abs(x)) * (1 if x > 0 else -1), [x * random.choice((1, -1)) for x in positive])
angles = few + some(200, uniform, -10, 10) + some(100, log_uniform, 3, 20) + random.sample(multiples, 100)
out("tan", tan, angles)
inside = some(120, log_uniform, -60, -2) + some(250, uniform, -1, 1)
inside += [random.choice((1, -1)) * (1 - log_uniform(-53, -3, False)) for _ in range(120)]
out("asin", asin, inside)
out("acos", acos, inside)
out("atanh", atanh, inside)
out("atan", atan, few + some(300, uniform, -3, 3))
out("asinh", asinh, few + some(200, uniform, -3, 3))
out("acosh", acosh, some(150, uniform, 1, 10) + some(150, log_uniform, 0, 1023, False) + some(100, lambda: 1 + log_uniform(-52, -3, False)))
out("sinh", capped(sinh, -1500, 1500), few + some(150, uniform, -2, 2) + some(150, uniform, -711, 711) + some(40, uniform, 709, 711))
out("cosh", capped(cosh, -1500, 1500), few + some(150, uniform, -2, 2) + some(150, uniform, -711, 711) + some(40, uniform, 709, 711))


def pair():
    """Two numbers, mostly of about the same size."""
    x = any_double() if random.random() < 0.3 else log_uniform(-20, 20)
    y = x * uniform(-4, 4) if random.random() < 0.7 else log_uniform(-60, 60)
    return x, y if abs(y) < 1e308 else x


out("atan2", lambda y, x: atan2(y, x), some(500, pair))
out("hypot", lambda x, y: (x * x + y * y) ** mpf("0.5"), some(500, pair))
mp.prec = 250
out("erfc", erfc, [x for x in few if abs(x) < 30] + some(300, uniform, -3, 6) + some(200, uniform, 0.4, 27.3))
out("erfinv", erfinv, inside)
gammas = some(100, log_uniform, -60, 10, False) + some(100, log_uniform, 3, 1000, False) + some(300, uniform, 0, 15)
gammas += [n + log_uniform(-40, -2) for n in (1, 2) for _ in range(40)]
poles = some(150, uniform, -20, 0) + some(40, uniform, -300, -20)
out("lgamma", lambda x: loggamma(x).real, gammas + poles)
digammas = [x for x in gammas if x < 1e300]
out("digamma", lambda x: psi(0, x), digammas + poles)


def order_and(f):
    return lambda: (float(random.choice((1, 1, 2, 3, 4, 7, 12, 30))), f())


points = some(200, order_and(lambda: uniform(0, 15))) + some(60, order_and(lambda: log_uniform(-10, 20, False)))
out("polygamma", lambda n, x: psi(int(n), x), [p for p in points if -300 < mp.log10(abs(psi(int(p[0]), p[1]))) < 300])
out("polygamma below 0", lambda n, x: psi(int(n), x), [(n, x) for n, x in some(120, order_and(lambda: uniform(-30, 0))) if n < 5])


def sinc(n, x):
    """The series, in enough digits."""
    n, u = int(n), pi * x
    sum, k = mpf(0), (n + 1) // 2
    while k < 40 or abs(u) ** (2 * k - n) / mp.factorial(2 * k - n) > mpf(10) ** -60:
        sum += (-1) ** k * u ** (2 * k - n) / mp.factorial(2 * k - n) / (2 * k + 1)
        k += 1
    return sum * pi**n


mp.prec = 800
out("sinc", lambda n, x: sinc(n, x), [(float(random.choice((0, 0, 1, 1, 2, 3, 4, 6, 10))), x) for x in some(150, uniform, -20, 20) + some(100, log_uniform, -20, 1)])
