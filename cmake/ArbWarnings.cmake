# Warnings are errors in our C.
add_compile_options(
  "$<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Werror;-Wshadow;-Wstrict-prototypes;-Wmissing-prototypes;-Wpointer-arith;-Wundef;-Wvla;-Wwrite-strings;-fno-math-errno;-ffp-contract=off>")
