#include <gtest/gtest.h>
#include "destinations/rabbitmq/outstanding.h"
