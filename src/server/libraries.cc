// The code of the header libraries, compiled once (the room is built with BOOST_ASIO_SEPARATE_COMPILATION and
// BOOST_BEAST_SEPARATE_COMPILATION; Boost.URL's library is not packaged for linking with every Boost, its
// source is).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/url/src.hpp>
