// Asio's types with their concrete executor: a virtual call less per operation.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace user_events::server {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using IoContext = asio::io_context;
using Socket = asio::basic_stream_socket<asio::ip::tcp, IoContext::executor_type>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, IoContext::executor_type>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               IoContext::executor_type>;

}  // namespace user_events::server
