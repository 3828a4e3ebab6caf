// A short fingerprint of a file's content, for reports.
#ifndef SIM_BASE_DIGEST_H_
#define SIM_BASE_DIGEST_H_

#include <string>

namespace fleetsim {

std::string Digest(const std::string& content);

}  // namespace fleetsim

#endif  // SIM_BASE_DIGEST_H_
