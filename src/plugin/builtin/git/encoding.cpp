#include "plugin/builtin/git/encoding.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <iconv.h>

namespace weir::plugin::git {
namespace {

struct Encoding {
  std::string_view header;  // lower case, letters and digits only
  const char* name;         // as iconv knows it
};

constexpr std::array k_encodings{
    Encoding{"iso88591", "ISO-8859-1"},
    Encoding{"latin1", "ISO-8859-1"},
    Encoding{"l1", "ISO-8859-1"},
    Encoding{"iso88592", "ISO-8859-2"},
    Encoding{"latin2", "ISO-8859-2"},
    Encoding{"iso88593", "ISO-8859-3"},
    Encoding{"iso88594", "ISO-8859-4"},
    Encoding{"iso88595", "ISO-8859-5"},
    Encoding{"iso88596", "ISO-8859-6"},
    Encoding{"iso88597", "ISO-8859-7"},
    Encoding{"iso88598", "ISO-8859-8"},
    Encoding{"iso88599", "ISO-8859-9"},
    Encoding{"iso885910", "ISO-8859-10"},
    Encoding{"iso885913", "ISO-8859-13"},
    Encoding{"iso885914", "ISO-8859-14"},
    Encoding{"iso885915", "ISO-8859-15"},
    Encoding{"latin9", "ISO-8859-15"},
    Encoding{"iso885916", "ISO-8859-16"},
    Encoding{"windows1250", "CP1250"},
    Encoding{"cp1250", "CP1250"},
    Encoding{"windows1251", "CP1251"},
    Encoding{"cp1251", "CP1251"},
    Encoding{"windows1252", "CP1252"},
    Encoding{"cp1252", "CP1252"},
    Encoding{"windows1253", "CP1253"},
    Encoding{"cp1253", "CP1253"},
    Encoding{"windows1254", "CP1254"},
    Encoding{"cp1254", "CP1254"},
    Encoding{"windows1255", "CP1255"},
    Encoding{"cp1255", "CP1255"},
    Encoding{"windows1256", "CP1256"},
    Encoding{"cp1256", "CP1256"},
    Encoding{"windows1257", "CP1257"},
    Encoding{"cp1257", "CP1257"},
    Encoding{"cp437", "CP437"},
    Encoding{"cp850", "CP850"},
    Encoding{"cp866", "CP866"},
    Encoding{"ibm866", "CP866"},
    Encoding{"koi8r", "KOI8-R"},
    Encoding{"koi8u", "KOI8-U"},
    Encoding{"eucjp", "EUC-JP"},
    Encoding{"ujis", "EUC-JP"},
    Encoding{"shiftjis", "SHIFT_JIS"},
    Encoding{"sjis", "SHIFT_JIS"},
    Encoding{"cp932", "CP932"},
    Encoding{"windows31j", "CP932"},
    Encoding{"iso2022jp", "ISO-2022-JP"},
    Encoding{"euckr", "EUC-KR"},
    Encoding{"cp949", "CP949"},
    Encoding{"uhc", "CP949"},
    Encoding{"gb2312", "GB18030"},
    Encoding{"gbk", "GB18030"},
    Encoding{"cp936", "GB18030"},
    Encoding{"gb18030", "GB18030"},
    Encoding{"big5", "BIG5"},
    Encoding{"cp950", "CP950"},
};

const char* find_encoding(std::string_view header) {
  std::string plain;
  for (const char c : header) {
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  const auto found = std::ranges::find(k_encodings, plain, &Encoding::header);
  return found == k_encodings.end() ? nullptr : found->name;
}

class Converter {
 public:
  explicit Converter(const char* from) : handle_(iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (is_open()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }  // NOLINT(performance-no-int-to-ptr)

  // False when the text is not in that encoding.
  bool convert(std::string_view text, std::string& out) {
    auto* from = const_cast<char*>(text.data());  // iconv only reads it
    std::size_t left = text.size();
    while (left > 0) {
      std::array<char, 4096> buffer;
      char* to = buffer.data();
      std::size_t space = buffer.size();
      const auto result = iconv(handle_, &from, &left, &to, &space);
      out.append(buffer.data(), to);
      if (result == static_cast<std::size_t>(-1) && errno != E2BIG) return false;
    }
    return true;
  }

 private:
  iconv_t handle_;
};

}  // namespace

std::string to_utf8(std::string_view text, std::string_view encoding) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '\x1b'; };
  const char* name = encoding.empty() ? nullptr : find_encoding(encoding);
  if (name == nullptr || std::ranges::all_of(text, is_ascii)) return std::string(text);
  Converter converter(name);
  std::string converted;
  if (!converter.is_open() || !converter.convert(text, converted)) return std::string(text);
  return converted;
}

}  // namespace weir::plugin::git
