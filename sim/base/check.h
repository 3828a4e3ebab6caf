// Invariants of our own code: a violation is a bug here, never an input error.
#ifndef SIM_BASE_CHECK_H_
#define SIM_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define FLEETSIM_CHECK(condition)                                                            \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

#endif  // SIM_BASE_CHECK_H_
