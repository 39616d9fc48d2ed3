//! Numbers of 16 bits, as files have them.

/// The number of a sign, five bits of exponent and ten of fraction (`f16`, IEEE 754 binary16). Every one of them is an `f32`.
///
/// ```
/// assert_eq!(chainrule_tape::f16_to_f32(0x3c00), 1.0);
/// ```
pub fn f16_to_f32(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10 & 0x1f) as i32, (bits & 0x3ff) as f32);
    let size = match exponent {
        0 => fraction * 2f32.powi(-24),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
    };
    if sign == 1 { -size } else { size }
}

/// The number of a sign, eight bits of exponent and seven of fraction (`bf16`): the upper half of an `f32`.
///
/// ```
/// assert_eq!(chainrule_tape::bf16_to_f32(0x3f80), 1.0);
/// ```
pub fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits((bits as u32) << 16)
}

#[cfg(test)]
mod tests {
    use super::f16_to_f32;

    #[test]
    fn halves_are_what_they_are() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 2f32.powi(-14)),
            (0x0001, 2f32.powi(-24)),
            (0x3555, 0.333_251_95),
            (0xfc00, f32::NEG_INFINITY),
            (0x8000, -0.0),
        ] {
            assert_eq!(f16_to_f32(bits).to_bits(), value.to_bits(), "{bits:x}");
        }
        assert!(f16_to_f32(0x7e01).is_nan());
    }
}
