//! Which SIMD instructions to use: found once, at run time.

use std::sync::OnceLock;

/// A SIMD level. Every kernel is compiled once per level from one generic source; a plan picks its
/// kernels' level once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Level {
    /// The target's baseline (SSE2 on x86-64, NEON on aarch64).
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 (F, VL, DQ, BW).
    Avx512,
}

impl Level {
    /// The best level of this machine, or a lower one named by the environment variable `CHAINRULE_SIMD`
    /// (`portable`, `avx2` or `avx512`). Read once.
    pub fn detect() -> Level {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let best = *Level::available().last().expect("the portable level always exists");
            match std::env::var("CHAINRULE_SIMD").as_deref() {
                Ok("portable") => Level::Portable,
                Ok("avx2") => best.min(Level::Avx2),
                _ => best,
            }
        })
    }

    /// The levels that this machine can run, lowest first.
    pub fn available() -> &'static [Level] {
        #[cfg(target_arch = "x86_64")]
        {
            if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
                return &[Level::Portable];
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
            {
                return &[Level::Portable, Level::Avx2, Level::Avx512];
            }
            &[Level::Portable, Level::Avx2]
        }
        #[cfg(not(target_arch = "x86_64"))]
        &[Level::Portable]
    }
}
