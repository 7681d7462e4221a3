# blackstart_embed(TARGET FUNCTION FILE): FILE's bytes become part of TARGET, as
#   std::string_view blackstart::embedded::FUNCTION();
# declared by whoever calls it. The assembler's .incbin does the work: no generated source of the file's size, no compile time.
function(blackstart_embed target function file)
  get_filename_component(path "${file}" ABSOLUTE)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_${function}.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [=[
#include <string_view>
asm(".section .rodata\n.global blackstart_@function@_begin\n.global blackstart_@function@_end\n"
    "blackstart_@function@_begin:\n.incbin \"@path@\"\nblackstart_@function@_end:\n.byte 0\n.previous\n");
extern "C" const char blackstart_@function@_begin[], blackstart_@function@_end[];
namespace blackstart::embedded {
std::string_view @function@();
std::string_view @function@() {
  return {blackstart_@function@_begin, static_cast<std::size_t>(blackstart_@function@_end - blackstart_@function@_begin)};
}
}  // namespace blackstart::embedded
]=])
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${path}")
  target_sources(${target} PRIVATE "${source}")
endfunction()
