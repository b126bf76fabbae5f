// The product of two 64×64 matrices by blocks of 4×8 that stay in registers, 48 kB in all: the rate that WebAssembly's
// relaxed SIMD reaches. Compiled by inkgrad/bench/driver.py.
typedef float f4 __attribute__((vector_size(16)));
enum { N = 64, TIMES = 100 };
static float a[N][N], b[N][N], c[N][N];

__attribute__((export_name("matmul"))) void matmul(void) {
#pragma clang fp contract(fast)
  for (int time = 0; time < TIMES; time++) {
    for (int i = 0; i < N; i += 4)
      for (int j = 0; j < N; j += 8) {
        f4 sum[4][2] = {0};
        for (int k = 0; k < N; k++)
          for (int row = 0; row < 4; row++) {
            sum[row][0] += a[i + row][k] * *(f4*)&b[k][j];
            sum[row][1] += a[i + row][k] * *(f4*)&b[k][j + 4];
          }
        for (int row = 0; row < 4; row++) {
          *(f4*)&c[i + row][j] = sum[row][0];
          *(f4*)&c[i + row][j + 4] = sum[row][1];
        }
      }
    a[time % N][0] += c[0][0]; // each product depends on the one before, so none is left out
  }
}
