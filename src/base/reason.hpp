#pragma once
// Why something is as it is: a short machine code and a sentence for people. Every state shown to
// an operator has one.

#include <string>

namespace vipd {

struct Reason {
    std::string code;  // lower-case words with dashes, stable: part of the public interface
    std::string text;  // one sentence, no full stop; may contain numbers that change

    bool operator==(const Reason&) const = default;
};

}  // namespace vipd
