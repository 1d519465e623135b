#include "merkle.h"

#include <algorithm>

#include "base/base64url.h"

namespace user_events::bench {
namespace {

std::string_view text(const crypto::Digest256& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

crypto::Digest256 node(const crypto::Digest256& left, const crypto::Digest256& right) {
  char bytes[65] = {1};
  std::copy(left.begin(), left.end(), bytes + 1);
  std::copy(right.begin(), right.end(), bytes + 33);
  return crypto::sha256({bytes, sizeof bytes});
}

}  // namespace

void MerkleBatch::add(std::string_view protected_header, std::string_view body) {
  text_.assign(1, '\0').append(protected_header).append(1, '.').append(body);
  levels_.front().push_back(crypto::sha256(text_));
}

const std::vector<std::string>& MerkleBatch::sign(signing::Signer& signer) {
  for (std::size_t level = 0; levels_[level].size() > 1; ++level) {
    const auto& below = levels_[level];
    std::vector<crypto::Digest256> above(below.size() / 2);
    for (std::size_t i = 0; i < above.size(); ++i) above[i] = node(below[2 * i], below[2 * i + 1]);
    levels_.push_back(std::move(above));
  }
  std::string signature;
  base::append_base64url(signer(text(levels_.back().front())), signature);
  headers_.resize(levels_.front().size());
  std::string proof;
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    proof.clear();
    for (std::size_t level = 0, at = i; level + 1 < levels_.size(); ++level, at /= 2) proof.append(text(levels_[level][at ^ 1]));
    headers_[i].assign(signature).append(1, '.').append(std::to_string(i)).append(1, '.');
    base::append_base64url(proof, headers_[i]);
  }
  return headers_;
}

bool is_signed(std::string_view header, std::string_view protected_header, std::string_view body, signing::Signer& signer) {
  const auto first = header.find('.'), second = header.find('.', first + 1);
  const auto proof = base::parse_base64url(header.substr(second + 1));
  if (!proof || proof->size() % sizeof(crypto::Digest256) != 0) return false;
  auto place = std::stoul(std::string(header.substr(first + 1, second - first - 1)));
  auto hash = crypto::sha256(std::string(1, '\0').append(protected_header).append(1, '.').append(body));
  for (std::size_t at = 0; at < proof->size(); at += sizeof hash, place /= 2) {
    crypto::Digest256 beside;
    std::copy_n(proof->begin() + static_cast<std::ptrdiff_t>(at), sizeof beside, reinterpret_cast<char*>(beside.data()));
    hash = place % 2 == 0 ? node(hash, beside) : node(beside, hash);
  }
  return place == 0 && base::base64url(signer(text(hash))) == header.substr(0, first);
}

}  // namespace user_events::bench
