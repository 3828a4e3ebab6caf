// Dimensioned quantities: a product or quotient of two quantities has the right type, and a sum of
// seconds and bytes does not compile. Values are held in base units. No run-time cost.
#ifndef SIM_BASE_UNITS_H_
#define SIM_BASE_UNITS_H_

#include <compare>

namespace fleetsim {

// Integer exponents of time, data, floating-point work, energy and money.
template <int kTime, int kData, int kWork, int kEnergy, int kMoney>
class Quantity {
 public:
  constexpr Quantity() = default;
  // Explicit both ways: a bare number gets its unit at the edge, and only there.
  constexpr explicit Quantity(double value) : value_(value) {}
  constexpr double value() const { return value_; }

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity operator-() const { return Quantity(-value_); }
  constexpr Quantity& operator+=(Quantity other) { return value_ += other.value_, *this; }
  constexpr Quantity& operator-=(Quantity other) { return value_ -= other.value_, *this; }
  constexpr Quantity& operator*=(double factor) { return value_ *= factor, *this; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }
  friend constexpr Quantity operator*(Quantity a, double b) { return Quantity(a.value_ * b); }
  friend constexpr Quantity operator*(double a, Quantity b) { return Quantity(a * b.value_); }
  friend constexpr Quantity operator/(Quantity a, double b) { return Quantity(a.value_ / b); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value_ / b.value_; }

 private:
  double value_ = 0.0;
};

template <int t1, int d1, int w1, int e1, int m1, int t2, int d2, int w2, int e2, int m2>
constexpr auto operator*(Quantity<t1, d1, w1, e1, m1> a, Quantity<t2, d2, w2, e2, m2> b) {
  return Quantity<t1 + t2, d1 + d2, w1 + w2, e1 + e2, m1 + m2>(a.value() * b.value());
}
template <int t1, int d1, int w1, int e1, int m1, int t2, int d2, int w2, int e2, int m2>
constexpr auto operator/(Quantity<t1, d1, w1, e1, m1> a, Quantity<t2, d2, w2, e2, m2> b) {
  return Quantity<t1 - t2, d1 - d2, w1 - w2, e1 - e2, m1 - m2>(a.value() / b.value());
}

using Seconds = Quantity<1, 0, 0, 0, 0>;
using Bytes = Quantity<0, 1, 0, 0, 0>;
using Flops = Quantity<0, 0, 1, 0, 0>;  // an amount; a multiply-add is 2
using Joules = Quantity<0, 0, 0, 1, 0>;
using Usd = Quantity<0, 0, 0, 0, 1>;
using BytesPerSecond = Quantity<-1, 1, 0, 0, 0>;  // one direction
using FlopsPerSecond = Quantity<-1, 0, 1, 0, 0>;  // dense
using Watts = Quantity<-1, 0, 0, 1, 0>;
using UsdPerJoule = Quantity<0, 0, 0, -1, 1>;
using UsdPerSecond = Quantity<-1, 0, 0, 0, 1>;

inline constexpr double kSecondsPerHour = 3600.0;
inline constexpr double kSecondsPerDay = 86400.0;
inline constexpr double kHoursPerYear = 8760.0;
inline constexpr double kJoulesPerKwh = 3.6e6;

template <class T>
constexpr T Max(T a, T b) {
  return a < b ? b : a;
}
template <class T>
constexpr T Min(T a, T b) {
  return b < a ? b : a;
}

}  // namespace fleetsim

#endif  // SIM_BASE_UNITS_H_
