from . import care_ward_type
from . import product_category
from . import product_product
from . import stock_location
from . import stock_warehouse
from . import care_department
from . import stock_warehouse_orderpoint
