//! Reading and writing by index.

crate::golden::table! { |tape, x, a|
    index_select: x[0].index_select(a.int("axis"), x[1]),
    gather: x[0].gather(a.int("axis"), x[1]),
    scatter: x[0].scatter(a.int("axis"), x[1], x[2]),
    scatter_add: x[0].scatter_add(a.int("axis"), x[1], x[2]),
    index_add: x[0].index_add(a.int("axis"), x[1], x[2]),
    index_copy: x[0].index_copy(a.int("axis"), x[1], x[2]),
    index_fill: x[0].index_fill(a.int("axis"), x[1], x[2]),
    take: x[0].take(x[1]),
    one_hot: x[0].one_hot(a.size("classes")),
    index: x[0].index(&x[1..]),
    index_put: x[0].index_put(&x[1..x.len() - 1], x[x.len() - 1]),
    index_put_add: x[0].index_put_add(&x[1..x.len() - 1], x[x.len() - 1]),
    segment_sum: x[0].segment_sum(x[1], a.size("rows")),
}
