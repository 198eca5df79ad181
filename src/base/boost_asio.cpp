// The only place where Boost.Asio's own code is compiled (BOOST_ASIO_SEPARATE_COMPILATION): saves
// seconds per edge file.
#include <boost/asio/impl/src.hpp>
