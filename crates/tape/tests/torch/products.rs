//! Products of matrices and tensors.

crate::golden::table! { |tape, x, a|
    matmul: x[0].matmul(x[1]),
    dot: x[0].dot(x[1]),
    outer: x[0].outer(x[1]),
    inner: x[0].inner(x[1]),
    kron: x[0].kron(x[1]),
    vecdot: x[0].vecdot(x[1], a.int("axis")),
    cross: x[0].cross(x[1], a.int("axis")),
    cdist: x[0].cdist(x[1]),
    cosine_similarity: x[0].cosine_similarity(x[1], a.int("axis"), a.float("eps")),
    tensordot: x[0].tensordot(x[1], &a.ints("a"), &a.ints("b")),
    einsum: tape.einsum(a.text("equation"), x),
}
