from . import pivot
from . import portal
