// libFuzzer's entry point for the target that CMake names.
#include <cstddef>
#include <cstdint>
#include <span>

namespace vipd::fuzz {
void VIPD_FUZZ_TARGET(std::span<const std::uint8_t> data);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vipd::fuzz::VIPD_FUZZ_TARGET({data, size});
    return 0;
}
