#include <gtest/gtest.h>
#include "destinations/rabbitmq/config.h"
