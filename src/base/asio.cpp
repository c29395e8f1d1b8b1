// The one place where Asio's implementation is compiled (BOOST_ASIO_SEPARATE_COMPILATION), instead of in every file.
#include <boost/asio/impl/src.hpp>
