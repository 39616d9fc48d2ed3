"""The coefficients of the polynomials in src/math (mpmath 1.3): Remez's exchange in the given weight, rounded.

    python3 coefficients.py
"""
import struct
from mpmath import mp, mpf, cos, erfc, exp, expm1, factorial, log, log1p, lu_solve, matrix, nstr, pi, polyval, sqrt
from mpmath import asin, atan, cbrt, euler, loggamma, tan

mp.dps = 50


def remez(f, weight, low, high, degree):
    """The polynomial p of least max |weight (p - f)|, lowest coefficient first, and that maximum."""
    low, high, n = mpf(low), mpf(high), degree
    middle, half = (low + high) / 2, (high - low) / 2
    points = 60 * (n + 2)
    grid = [middle - half * cos(pi * (k + mpf(1) / 2) / points) for k in range(points)]
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    nodes = [min(points - 1, round(points * k / mpf(n + 1))) for k in range(n + 2)]
    for _ in range(12):
        a, b = matrix(n + 2, n + 2), matrix(n + 2, 1)
        for i, k in enumerate(nodes):
            for j in range(n + 1):
                a[i, j] = grid[k] ** j
            a[i, n + 1] = (-1) ** i / max(weights[k], mpf(10) ** -40)
            b[i] = values[k]
        solution = lu_solve(a, b)
        c, level = [solution[j] for j in range(n + 1)], abs(solution[n + 1])
        error = [weights[k] * (polyval(c[::-1], grid[k]) - values[k]) for k in range(points)]
        extrema, best = [], 0
        for k in range(1, points + 1):
            if k == points or (error[k] > 0) != (error[best] > 0):
                extrema.append(best)
                best = k
            elif abs(error[k]) > abs(error[best]):
                best = k
        while len(extrema) > n + 2:
            extrema.pop(0 if abs(error[extrema[0]]) < abs(error[extrema[-1]]) else -1)
        worst = max(abs(e) for e in error)
        if len(extrema) < n + 2 or worst < level * mpf("1.02"):
            break
        nodes = extrema
    return c, worst


def single(x):
    """The shortest decimal of the nearest f32."""
    x = struct.unpack("f", struct.pack("f", float(x)))[0]
    return next(s for s in ("%.*g" % (k, x) for k in range(1, 12)) if struct.unpack("f", struct.pack("f", float(s)))[0] == x)


def show(name, kind, *problem):
    c, worst = remez(*problem)
    print("%s: 2^%s" % (name, nstr(log(worst, 2), 4)))
    print("    [" + ", ".join(kind(x) for x in c) + "]")


def double(x):
    return repr(float(x))


def series(term, n=50):
    return lambda z: sum(term(k) * z**k for k in range(n))


r = log(mpf(2)) / 2 * mpf("1.0005")
for kind, degree in (single, 5), (double, 10):
    q = lambda x: (expm1(x) - x) / x**2 if abs(x) > 1e-12 else mpf(1) / 2 + x / 6
    show("exp q", kind, q, lambda x: abs(x) * (1 - x / 2), -r, r, degree)

q = lambda f: (log1p(f) - f + f * f / 2) / f**3 if abs(f) > 1e-9 else mpf(1) / 3 - f / 4
show("ln_f32 q", single, q, lambda f: abs(f**3 / log1p(f)) if f else mpf(0), sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1, 8)
artanh = series(lambda k: mpf(2) / (2 * k + 3))
for name, degree in ("ln_f64 q", 6), ("pow_f32, times ln 2, from the second on", 3):
    show(name, double, artanh, lambda z: z / 2, 0, "0.02945", degree)
show("ln_extended q", double, series(lambda k: mpf(1) / (2 * k + 5)), lambda z: z * z, 0, "0.02945", 6)
exp2 = lambda x: expm1(x * log(2)) / x if abs(x) > 1e-15 else log(2)
show("pow_f32, 2^r from the second on", double, exp2, abs, "-0.5005", "0.5005", 5)

for kind, wider, degree in (single, "0.05", (3, 2)), (double, "0.001", (5, 5)):
    most = (pi / 4 + mpf(wider)) ** 2
    sin = series(lambda k: (-1) ** (k + 1) / factorial(2 * k + 3), 25)
    show("sin", kind, sin, lambda z: z, 0, most, degree[0])
    cosine = series(lambda k: (-1) ** k / factorial(2 * k + 4), 25)
    show("cos from z^2 on", kind, cosine, lambda z: z * z * mpf("1.2"), 0, most, degree[1])

erf = series(lambda k: 2 / sqrt(pi) * (-1) ** k / (factorial(k) * (2 * k + 1)))
for kind, below, above, most in (single, 6, 6, 4), (double, 12, 18, 6):
    show("erf below 1", kind, erf, lambda z: 1 / erf(z), 0, 1, below)
    show("erf above 1", kind, lambda t: -log(erfc(t + 1)), lambda t: erfc(t + 1), 0, most - 1, above)

arc = series(lambda k: (-1) ** (k + 1) / mpf(2 * k + 3), 70)
most = (tan(pi / 8) * mpf("1.001")) ** 2
arcsine = lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z if z > 1e-12 else mpf(1) / 6 + 3 * z / 40
for kind, tangent, sine in (single, 4, 4), (double, 11, 11):
    show("atan q", kind, arc, lambda z: z * (sqrt(z) / atan(sqrt(z)) if z else 1), 0, most, tangent)
    show("asin q", kind, arcsine, lambda z: z, 0, mpf("0.2501"), sine)
show("cbrt", single, cbrt, lambda m: 1 / cbrt(m), sqrt(mpf(1) / 2) / 2, 2 * sqrt(mpf(2)), 4)


def scaled_erfc(k):
    """(1 + 2x) exp(x²) erfc x in t = (x - k) / (x + k)."""
    x = lambda t: k * (1 + t) / (1 - t)
    return lambda t: (1 + 2 * x(t)) * exp(x(t) ** 2) * erfc(x(t))


for kind, k, most, degree in (single, mpf(2), mpf("10.2"), 9), (double, mpf(3), mpf("27.5"), 20):
    p = scaled_erfc(k)
    show("erfc p", kind, p, lambda t: 1 / p(t), (mpf("0.45") - k) / (mpf("0.45") + k), (most - k) / (most + k), degree)


def inverse_erf(w):
    """erfinv(x) / x in w = -ln(1 - x²), by Newton's method on ln erfc."""
    if w < 1e-15:
        return sqrt(pi) / 2
    x = sqrt(1 - exp(-w))
    rest = exp(-w) / (1 + x)
    y = sqrt(max(w - log(max(w, 1)) / 2 - 0.5, mpf("0.01"))) if w > 1 else x * 0.886
    for _ in range(40):
        step = (log(erfc(y)) - log(rest)) * erfc(y) / (2 / sqrt(pi) * exp(-y * y))
        y += step
        if abs(step) < mpf(10) ** -35 * (1 + y):
            break
    return y / x


near = {}
start = lambda w: near.setdefault(w, None) or near.update({w: inverse_erf(w)}) or near[w]
show("erfinv near", double, start, lambda w: 1 / start(w), 0, mpf("6.25"), 8)
show("erfinv far, in sqrt(w)", double, lambda r: start(r * r), lambda r: 1 / start(r * r), mpf("2.5"), mpf("6.1"), 9)

mp.dps = 60
one = lambda f: loggamma(1 + f).real / f if abs(f) > 1e-18 else -euler + f * pi**2 / 12
two = lambda f: loggamma(2 + f).real / f if abs(f) > 1e-18 else 1 - euler + f * (pi**2 / 6 - 1) / 2
show("lgamma at 1", double, one, lambda f: 1 / one(f), mpf("-0.5"), mpf("0.5"), 26)
show("lgamma at 2", double, two, lambda f: 1 / two(f), mpf("-0.5"), 1, 20)
